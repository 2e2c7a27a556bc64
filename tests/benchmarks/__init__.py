"""`make bench`: what each operation of a running desk costs, as multiples of a bare Django view's time in the same moment.

For: seeing what a change costs, before it is merged, and how the desk grows with its conversations.
In: a desk as `make run` serves it, with two web processes, on databases that are filled once and kept in `.desk/bench`.
Out: a table, `docs/bench.json` and the curves of `docs/bench-*.svg`. It measures; no test ever asserts on time.

`bare` is the project that everything is compared with      `load` sends requests, in a process of its own
`served` runs the desk, on a copy of what `seeding` filled    `operations` is the table of what is measured, on a `scene`
`pairing` measures one operation between bare slices        `probes` reads processors and memory, `statements` counts queries
`streams` holds a thousand streams open                     `report` prints and keeps the results, `drawing` the curves
Only `make bench` and its test import it.
"""
