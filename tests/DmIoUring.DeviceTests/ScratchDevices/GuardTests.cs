using System.Diagnostics;
using DmIoUring.DeviceTests.Client;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.ScratchDevices;

/// <summary>A process killed at the worst moment, with a request stuck in the kernel, leaves nothing behind.</summary>
public sealed class GuardTests
{
    private const string FolderVariable = "DMIOURING_TESTS_STUCK_FOLDER";
    private const string Stuck = "stuck";

    [Theory]
    [InlineData(nameof(StuckOnAFrozenFile))]
    [InlineData(nameof(StuckOnAHeldMedium))]
    public void KilledWithAStuckWrite_AProcessEnds_AndLeavesNothing(string method)
    {
        RequireFault.Here();
        using ScratchFolder folder = ScratchFolder.Create();
        using Process child = SecondRun.Start(typeof(GuardTests), method, (FolderVariable, folder.Path), ("TMPDIR", folder.Path));
        try
        {
            Assert.True(SpinWait.SpinUntil(() => File.Exists(folder.PathOf(Stuck)) || child.HasExited, Notification.Limit));
            Assert.False(child.HasExited, "the child ended before it could be killed");
            Assert.True(IsMentioned("/proc/self/mounts", folder.Path));
        }
        finally
        {
            child.Kill();
            Assert.True(child.WaitForExit(Notification.Limit), "the killed child does not end");
        }

        Assert.True(SpinWait.SpinUntil(() => !IsMentioned("/proc/self/mounts", folder.Path), Notification.Limit), "a mount is left");
        Assert.True(SpinWait.SpinUntil(() => LoopDevices.CountOver(folder.Path) == 0, Notification.Limit), "a loop device is left");
        Assert.True(SpinWait.SpinUntil(() => Guards(folder.Path) == 0, Notification.Limit), "a guard is left");
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path, "dmio-*"));
    }

    [Fact]
    public void ItsOwnersEnd_EndsTheGuardWithoutACleanUp()
    {
        RequireFault.Here();
        using ScratchFolder folder = ScratchFolder.Create();
        using (Guard guard = Guard.Start("touch \"$1/cleaned\"", folder.Path))
            Assert.True(SpinWait.SpinUntil(() => Guards(folder.Path) == 1, Notification.Limit), "There is no guard.");
        Assert.Equal(0, Guards(folder.Path));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    /// <summary>Meaningful only in the process that the test starts and kills.</summary>
    [Fact(Explicit = true)]
    public void StuckOnAFrozenFile()
    {
        using FrozenFile frozen = new();
        using DmIoClient client = new();
        using IoMemory data = Pattern.Memory(4096);
        client.SubmitWrite(new IoRegion(frozen.Device, 0, 8), data, static (_, _) => { });
        client.Write(new IoRegion(NowStuck(frozen.Device), 8, 8), data);
    }

    /// <summary>Meaningful only in the process that the test starts and kills.</summary>
    [Fact(Explicit = true)]
    public void StuckOnAHeldMedium()
    {
        using FaultDevice device = new();
        using FaultDevice file = new(DeviceKind.File);
        using DmIoClient client = new();
        using IoMemory data = Pattern.Memory(4096);
        using Fault held = device.File.Hold(MediumOperations.All);
        using Fault heldToo = file.File.Hold(MediumOperations.All);
        client.SubmitWrite(device.Region(0, 8), data, static (_, _) => { });
        client.SubmitWrite(file.Region(0, 8), data, static (_, _) => { });
        Assert.True(held.WaitForHits(1, Notification.Limit));
        Assert.True(heldToo.WaitForHits(1, Notification.Limit));
        client.Write(new IoRegion(NowStuck(file.Device), 8, 8), data);
    }

    private static BlockDevice NowStuck(BlockDevice device)
    {
        File.WriteAllText(Path.Combine(Environment.GetEnvironmentVariable(FolderVariable)!, Stuck), "");
        return device;
    }

    private static bool IsMentioned(string file, string text) => File.ReadAllText(file).Contains(text, StringComparison.Ordinal);

    private static int Guards(string folder) => Directory.GetDirectories("/proc").Count(process =>
    {
        try
        {
            string command = File.ReadAllText(Path.Combine(process, "cmdline"));
            return command.Contains("dmio-guard", StringComparison.Ordinal) && command.Contains(folder, StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });
}
