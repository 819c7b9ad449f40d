"""The operations of a tape, by number. After a change delete ``landscapes/formula/__pycache__`` (numba's cache)."""

VARIABLE, CONSTANT = 0, 1
ADD, SUBTRACT, MULTIPLY, DIVIDE = 2, 3, 4, 5
ADD_CONSTANT, MULTIPLY_CONSTANT, DIVIDE_CONSTANT, CONSTANT_DIVIDE = 6, 7, 8, 9
SQUARE, WHOLE_POWER, REAL_POWER, CONSTANT_POWER, POWER = 10, 11, 12, 13, 14
MINIMUM, MAXIMUM, MODULO, ARCTAN2, NOISE1, NOISE2 = 15, 16, 17, 18, 19, 20
#: From here on functions of one number.
FUNCTIONS = 30
SIN, COS, TAN, ASIN, ACOS, ATAN = 30, 31, 32, 33, 34, 35
SINH, COSH, TANH, ASINH, ACOSH, ATANH = 36, 37, 38, 39, 40, 41
EXP, LOG, SQRT, CBRT, ABS = 42, 43, 44, 45, 46
FLOOR, CEIL, ROUND, SIGN, ERF = 47, 48, 49, 50, 51

#: Columns of a tape's row: operation, register written, registers read, which directions each of them moves in (bit k:
#: it depends on coordinate k), and a number.
OPERATION, TARGET, FIRST, SECOND, FIRST_MOVES, SECOND_MOVES, NUMBER = range(7)
COLUMNS = 7
