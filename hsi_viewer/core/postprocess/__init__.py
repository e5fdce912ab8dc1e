"""What follows the class map: cleaning it, its regions, and tables of them."""
