"""Answers of our own: pages for people, problem documents for programs, and the words in them.

For every form that answers visitors; knows neither how a request came nor who carries the answer out.
"""
