using System.Runtime.Versioning;
using DmIoUring.CommandTests.Native;
using DmIoUring.TestSupport;

[assembly: SupportedOSPlatform("linux")]
[assembly: AssemblyFixture(typeof(DeviceTurn))]
[assembly: AssemblyFixture(typeof(NativeLibrary))]
