"""Build cases: what one conversation tells, in one row. The rules are in docs/cases.md, a file per part here.

working_time    when the company works: business time and its inverse
conversation    the sorted messages, cut into cases, and who says what when
history         what happened beside the messages: status, assignee, team, priority
describe        whose case it is, where and about what
resolve         status, resolution, reopenings
clock           first reply, resolution, first concrete help, steps, in seconds
count           messages, replies, repeated contacts, hand-offs
grade           the steps of recovery and their grade
feel            state, tone and signals of the customer
decide          what the company decided
promise         targets and their breaches
build           all of it together, and the PTransform
"""

from transforms.build_cases.build import BuildCases, build_cases

__all__ = ["BuildCases", "build_cases"]
