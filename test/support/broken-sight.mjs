// A sight process that dies before it is ready.
process.exit(7);
