"""What the tutorials are made of: checked exercises, predictions, sliders, figures with words."""

from __future__ import annotations

from phys.teaching.display import panels, say, show
from phys.teaching.lesson import Lesson
from phys.teaching.settings import images, quick
from phys.teaching.sliders import explore

__all__ = ["Lesson", "explore", "images", "panels", "quick", "say", "show"]
