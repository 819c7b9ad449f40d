"""The rigid ball: where it touches, how it rolls, how deep another ball has sunk in.

One idea a file, in the order in which a step meets them::

    heights.py       the ground, sampled on a grid with an upper bound for every block of nodes
    kernels.py       how the compiled functions are compiled
    records.py       what travels together through the compiled kernels: a ball, a climber
    candidates.py    the places a search begins from; local maxima of 3 × 3 nodes
    scan.py          candidates on the grid: blocks that cannot hold the contact are skipped
    lattice.py       candidates on a small ball's own lattice, where the grid is too coarse for it
    climb.py         from each candidate to the top, on the ball and the true surface
    ties.py          the highest places, and those that tie with it
    contact.py       the search made of these: `find_contacts`

    hull.py          the smallest push that tied contacts allow
    valley.py        where a step crosses a V-shaped valley of h, and whether the ball is caught there
    rigid.py         one step of the rolling ball

    nearest.py       candidates for the ground that is nearest to a centre
    penetration.py   how deep a ball has sunk in, and the one place that asks it of a surface
"""
