// The door to libqrencode: imported by QRCode only.
#pragma once
#include <qrencode.h>
