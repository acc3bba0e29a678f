"""`python -m app.cli`, where nothing is installed."""

import sys

from app.cli.main import main

sys.exit(main())
