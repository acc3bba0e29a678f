"""Claims and the volumes they are given. Models kubernetes/pkg/controller/volume/persistentvolume."""
