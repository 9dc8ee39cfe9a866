"""The live pages: one for the person who trains, one for the therapist beside."""
