"""Resources and routers: from classes to operations, and the checks of both when the application freezes."""
