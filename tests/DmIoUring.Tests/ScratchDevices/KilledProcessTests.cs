using DmIoUring.ScratchDevices;
using DmIoUring.Tests.Cli;
using DmIoUring.Tests.Devices;

namespace DmIoUring.Tests.ScratchDevices;

public sealed class KilledProcessTests
{
    [Fact]
    public void KilledProcess_LeavesNoDeviceBehind()
    {
        RequireLoop.Here();
        using ScratchFolder folder = ScratchFolder.Create();
        Assert.Equal(0, CountDevicesOver(folder.Path));

        // The demo makes three loop devices over files in TMPDIR, and is killed at work.
        using System.Diagnostics.Process demo = BuiltCommand.StartIn(folder.Path, "demo", "--json");
        try
        {
            Assert.True(SpinWait.SpinUntil(() => CountDevicesOver(folder.Path) > 0 || demo.HasExited, TimeSpan.FromSeconds(60)));
            Assert.False(demo.HasExited, "the demo ended before it could be killed");
        }
        finally
        {
            demo.Kill();
            demo.WaitForExit();
        }

        Assert.True(SpinWait.SpinUntil(() => CountDevicesOver(folder.Path) == 0, TimeSpan.FromSeconds(60)));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path, "dmio-*"));
    }

    private static int CountDevicesOver(string folder)
    {
        int count = 0;
        foreach (string block in Directory.GetDirectories("/sys/block", "loop*"))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(block, "loop/backing_file")).StartsWith(folder, StringComparison.Ordinal))
                    count++;
            }
            catch (IOException)
            {
                // Not attached, or just detached.
            }
        }

        return count;
    }
}
