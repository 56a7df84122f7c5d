"""Rollouts: planned, carried out, watched, verified, taken back; over ports, so that no AWS is known here.

`planning` finds out what would change and refuses what cannot work, before anything is registered. `rollout` carries a
plan out: `watching` follows its deployment, `verifying` wakes what slept to see it answer, `returning` goes back, and
`pruning` tidies up. `telling` is what becomes known meanwhile.
"""
