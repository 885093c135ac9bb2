using System.Runtime.Versioning;
using DmIoUring.TestSupport;

[assembly: SupportedOSPlatform("linux")]
[assembly: AssemblyFixture(typeof(DeviceTurn))]
[assembly: TestCollectionOrderer(typeof(DmIoUring.DeviceTests.LongestFirst))]
