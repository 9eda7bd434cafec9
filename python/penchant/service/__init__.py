"""Recommendations over HTTP; needs ``pip install 'penchant[serve]'``."""

from penchant.service._app import app_from_environment, create_app
from penchant.service._metrics import share_in as share_metrics
from penchant.service._protocol import Protocol
from penchant.service._settings import Settings

__all__ = ["Protocol", "Settings", "app_from_environment", "create_app", "share_metrics"]
