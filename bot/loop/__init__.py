"""The Proactive Retention Loop: detect, score, alert, intervene, measure, learn."""
