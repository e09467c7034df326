"""What a model is: the classifier, the files it is loaded from, and language detection."""

from models.classifier import DEFAULT_MODEL, MessageClassifier

__all__ = ["DEFAULT_MODEL", "MessageClassifier"]
