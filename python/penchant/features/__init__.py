"""Features of users and items, made of what people have: categories, tags, numbers, texts and vectors."""

from penchant.features._features import Features
from penchant.features._kinds import Category, Number, Tags, Text, Vector

__all__ = ["Category", "Features", "Number", "Tags", "Text", "Vector"]
