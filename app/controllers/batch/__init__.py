"""Jobs and CronJobs, and what becomes of them afterwards. Models kubernetes/pkg/controller/job, cronjob and
ttlafterfinished."""
