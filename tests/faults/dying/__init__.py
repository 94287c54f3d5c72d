"""On the path of an instance's processes: `sitecustomize` lets a test hold them at the steps that move money."""
