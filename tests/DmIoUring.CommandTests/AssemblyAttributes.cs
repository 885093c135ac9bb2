using System.Runtime.Versioning;
using DmIoUring.Testing;

[assembly: SupportedOSPlatform("linux")]
[assembly: AssemblyFixture(typeof(DeviceTurn))]
