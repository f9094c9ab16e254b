#include "launch/options.h"
