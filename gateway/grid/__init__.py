"""All sensors of a person on one time grid."""
