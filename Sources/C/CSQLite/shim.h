// The door to SQLite: imported by the SQLite target only.
#pragma once
#include <sqlite3.h>
