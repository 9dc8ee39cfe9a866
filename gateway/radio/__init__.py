"""Sensors over Bluetooth Low Energy: finding them, keeping each of them streaming.

From the outside in: ``sensor_life`` one sensor from searching to streaming and back, ``airtime``
who may scan and connect when, ``procedure`` what a driver asks of a sensor, ``link`` what all of
them need of a radio, ``bleak_link`` that radio (the only module that imports bleak).
"""
