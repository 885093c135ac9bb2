using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("linux")]

// The RAM disks and the SCSI disk are there once.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
