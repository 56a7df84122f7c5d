"""What a Lambda's first request costs before it is answered."""
