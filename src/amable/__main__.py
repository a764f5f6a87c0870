"""`python -m amable`."""

from amable.cli import main

raise SystemExit(main())
