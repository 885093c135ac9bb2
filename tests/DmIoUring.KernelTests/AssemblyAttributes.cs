using System.Runtime.Versioning;
using Xunit.Sdk;
using Xunit.v3;

[assembly: SupportedOSPlatform("linux")]

// The RAM disks and the SCSI disk are there once.
[assembly: Parallelization(Mode = ParallelMode.None)]
