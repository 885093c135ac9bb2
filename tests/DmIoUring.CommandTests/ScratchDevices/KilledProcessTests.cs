using DmIoUring.CommandTests.Cli;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.ScratchDevices;

public sealed class KilledProcessTests
{
    [Fact]
    public void KilledProcess_LeavesNoDeviceBehind()
    {
        RequireLoop.Here();
        using ScratchFolder folder = ScratchFolder.Create();
        Assert.Equal(0, LoopDevices.CountOver(folder.Path));

        // The demo makes three loop devices over files in TMPDIR, and is killed at work.
        using System.Diagnostics.Process demo = BuiltCommand.StartIn(folder.Path, "demo", "--json");
        try
        {
            Assert.True(SpinWait.SpinUntil(() => LoopDevices.CountOver(folder.Path) > 0 || demo.HasExited, TimeSpan.FromSeconds(60)));
            Assert.False(demo.HasExited, "the demo ended before it could be killed");
        }
        finally
        {
            demo.Kill();
            demo.WaitForExit();
        }

        Assert.True(SpinWait.SpinUntil(() => LoopDevices.CountOver(folder.Path) == 0, TimeSpan.FromSeconds(60)));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path, "dmio-*"));
    }
}
