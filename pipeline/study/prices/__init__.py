"""Prices of cocoa, fertilizer and labour, and the weather beside them."""
