"""The admin listener: health, metrics and the JSON API, for operators and their tools; never on the visitors' port."""
