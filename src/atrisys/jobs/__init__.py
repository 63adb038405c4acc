"""Long tasks: a runner in each server process, a child process for each job, one file for each kind of task."""
