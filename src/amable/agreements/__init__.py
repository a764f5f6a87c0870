"""What customers and we agreed on: promises, disputes and payment plans, as a person stated them."""
