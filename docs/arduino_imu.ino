// Streams the motion sensor of an Arduino Nano 33 BLE Sense as the layout "arduino_imu" of gaitwire:
// a 16-bit packet counter, the 32-bit microseconds of the first sample, then four samples of
// acceleration (2048 a g) and rate of turn (16.4 a degree a second), 16 bits each, little-endian.
//
// Rev2 needs the library Arduino_BMI270_BMM150. For Rev1 include Arduino_LSM9DS1.h instead, and say
// rate_hz = 119 in a copy of the layout. Another board needs its own IMU.begin() and readMotion().

#include <ArduinoBLE.h>
#include <Arduino_BMI270_BMM150.h>

const int SAMPLES = 4;
const float COUNTS_PER_G = 2048.0f;
const float COUNTS_PER_DEG_S = 16.4f;

struct __attribute__((packed)) Packet {
  uint16_t seq;
  uint32_t tick_us;
  int16_t motion[SAMPLES][6];
};

BLEService service("27ca0001-abf1-4f7a-a037-be9d7101a76d");
BLECharacteristic data("27ca0002-abf1-4f7a-a037-be9d7101a76d", BLENotify, sizeof(Packet), true);
Packet packet;
int filled = 0;

int16_t counts(float value, float scale) {
  float scaled = value * scale;
  if (scaled > 32767.0f) return 32767;
  if (scaled < -32768.0f) return -32768;
  return (int16_t)lroundf(scaled);
}

void readMotion(int16_t *motion) {
  float acc[3], gyr[3];
  IMU.readAcceleration(acc[0], acc[1], acc[2]);
  IMU.readGyroscope(gyr[0], gyr[1], gyr[2]);
  for (int axis = 0; axis < 3; axis++) {
    motion[axis] = counts(acc[axis], COUNTS_PER_G);
    motion[3 + axis] = counts(gyr[axis], COUNTS_PER_DEG_S);
  }
}

void setup() {
  if (!IMU.begin() || !BLE.begin()) {
    pinMode(LED_BUILTIN, OUTPUT);
    digitalWrite(LED_BUILTIN, HIGH);  // lit for good: sensor or radio is missing
    while (true) {
    }
  }
  BLE.setLocalName("Arduino IMU");
  BLE.setConnectionInterval(6, 12);  // 7.5 to 15 ms
  service.addCharacteristic(data);
  BLE.addService(service);
  BLE.setAdvertisedService(service);
  BLE.advertise();
}

void loop() {
  BLE.poll();
  if (!data.subscribed()) {
    filled = 0;
    return;
  }
  if (!IMU.gyroscopeAvailable() || !IMU.accelerationAvailable()) return;
  if (filled == 0) packet.tick_us = micros();
  int16_t motion[6];
  readMotion(motion);
  memcpy(packet.motion[filled++], motion, sizeof(motion));
  if (filled < SAMPLES) return;
  data.writeValue((const uint8_t *)&packet, sizeof(packet));
  packet.seq++;
  filled = 0;
}
