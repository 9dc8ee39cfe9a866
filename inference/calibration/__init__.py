"""How sensors sit on the body: found out, refined by movement, kept, and watched."""
