"""Whether sensors agree in time, told from the motion that they share."""
