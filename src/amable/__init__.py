"""Kind, persistent credit control that people run on their own machine."""

__version__ = "0.1.0"
