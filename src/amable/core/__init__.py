"""The pure rules: functions of values, with no database, network or clock."""
