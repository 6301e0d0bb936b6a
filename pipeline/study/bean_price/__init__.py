"""What growers are paid for beans in a month."""
