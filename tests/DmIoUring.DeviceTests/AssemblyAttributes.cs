using System.Runtime.Versioning;
using DmIoUring.Testing;

[assembly: SupportedOSPlatform("linux")]
[assembly: AssemblyFixture(typeof(DeviceTurn))]
[assembly: TestCollectionOrderer(typeof(DmIoUring.DeviceTests.LongestFirst))]
