"""`amable simulate`."""

import argparse


def command(arguments: argparse.Namespace) -> int:
    return 0
