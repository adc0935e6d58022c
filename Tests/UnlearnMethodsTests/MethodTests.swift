// Tests of the methods.
