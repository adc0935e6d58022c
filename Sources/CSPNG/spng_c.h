// libspng: PNG.
#include <spng.h>
