"""The command table that menus, tool bars and shortcuts are made from."""
