"""HTTP/1.1 as bytes: heads and bodies are judged and composed here. Pure: no sockets, no clocks, no services."""
