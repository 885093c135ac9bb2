using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.Tests.Client;
using DmIoUring.Tests.Devices;
using DmIoUring.Tests.Support;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Tests.Faults;

/// <summary>A host that refuses what a client needs, and says so.</summary>
[Collection(AloneCollection.Name)]
public sealed class RefusedResourcesTests
{
    private const string Sysctl = "/proc/sys/kernel/io_uring_disabled";

    [Fact]
    public void WithIoUringDisabledForTheUnprivileged_TheDiagnosisNamesTheSysctl()
    {
        Require.That(Environment.IsPrivilegedProcess ? null : "only root may set " + Sysctl);
        Require.That(File.Exists(Sysctl) ? null : $"this kernel has no {Sysctl}: it is older than 6.6");
        Assert.SkipUnless(string.Equals(File.ReadAllText(Sysctl).Trim(), "0", StringComparison.Ordinal), Sysctl + " is not 0 here");

        // 1 and not 2: nobody privileged on this host notices.
        using Guard guard = Guard.Start("echo 0 >" + Sysctl);
        File.WriteAllText(Sysctl, "1");
        try
        {
            using DmIoClient privileged = new();
            ExplicitTest.AssertPasses(
                ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"], typeof(RefusedResourcesTests), nameof(RunWithIoUringDisabled));
        }
        finally
        {
            File.WriteAllText(Sysctl, "0");
        }
    }

    /// <summary>Meaningful only in the process that <see cref="WithIoUringDisabledForTheUnprivileged_TheDiagnosisNamesTheSysctl"/> starts.</summary>
    [Fact(Explicit = true)]
    public void RunWithIoUringDisabled() => AssertRefused(IoUringRefusal.Sysctl, Errno.EPERM, "kernel.io_uring_disabled is 1", "Set it to 0");

    [Fact]
    public void WithoutDescriptors_TheDiagnosisNamesThem() =>
        ExplicitTest.AssertPasses(["prlimit", "--nofile=256:256"], typeof(RefusedResourcesTests), nameof(RunWithoutDescriptors));

    /// <summary>Meaningful only in the process that <see cref="WithoutDescriptors_TheDiagnosisNamesThem"/> starts.</summary>
    [Fact(Explicit = true)]
    public void RunWithoutDescriptors()
    {
        new DmIoClient().Dispose();
        List<SafeFileHandle> all = TakeAllDescriptors();
        try
        {
            AssertRefused(IoUringRefusal.OpenFiles, Errno.EMFILE, "too many files are open", "ulimit -n");
        }
        finally
        {
            all.ForEach(static handle => handle.Dispose());
        }

        new DmIoClient().Dispose();
    }

    [Fact]
    public void WithoutDescriptors_AClientThatIsThereGoesOn_AndOneThatCantStartGivesBackWhatItTook() =>
        ExplicitTest.AssertPasses(["prlimit", "--nofile=256:256"], typeof(RefusedResourcesTests), nameof(RunWithFewDescriptors));

    /// <summary>Meaningful only in the process that the test above starts.</summary>
    [Fact(Explicit = true)]
    public void RunWithFewDescriptors()
    {
        using TestDevice device = new();
        using DmIoClient client = new();
        using IoMemory data = Pattern.Memory(4096);
        IoRegion[] regions = [device.Region(0, 8), device.Region(8, 8)];

        // Everything that a thread of its own and a client's refusal need has been loaded once.
        Assert.Equal(default, OnANewThread(() => client.Write(regions, data)));
        new DmIoClient().Dispose();
        List<SafeFileHandle> all = TakeAllDescriptors();
        try
        {
            // A thread that gets no ring of its own is served by the lane.
            long before = client.Statistics.SyncOverLane;
            Assert.Equal(default, OnANewThread(() => client.Write(regions, data)));
            Assert.Equal(before + 1, client.Statistics.SyncOverLane);
            Notification notification = new();
            client.SubmitWrite(regions, data, Notification.Arrived, notification);
            Assert.Equal(default, notification.Wait());

            // A client that fails half-way gives back what it had: one descriptor more at a time, until there are enough.
            int refused = 0;
            while (TryStart() is false)
            {
                refused++;
                Assert.True(all.Count > 0);
                all[^1].Dispose();
                all.RemoveAt(all.Count - 1);
                List<SafeFileHandle> left = TakeAllDescriptors();
                int free = left.Count;
                left.ForEach(static handle => handle.Dispose());
                Assert.Equal(refused, free);
            }

            Assert.InRange(refused, 1, 10);
        }
        finally
        {
            all.ForEach(static handle => handle.Dispose());
        }

        Assert.Equal(default, OnANewThread(() => client.Write(regions, data)));
        device.AssertHolds(0, data.GetSpan());
    }

    /// <summary>What a client's maker learns; the one place that knows how.</summary>
    private static void AssertRefused(IoUringRefusal refusal, int errno, params string[] words)
    {
        IoUringUnavailableException refused = Assert.Throws<IoUringUnavailableException>(static () => new DmIoClient().Dispose());
        Assert.Equal((refusal, errno), (refused.Refusal, refused.Errno));
        Assert.All(words, word => Assert.Contains(word, refused.Message, StringComparison.Ordinal));
    }

    private static bool TryStart()
    {
        try
        {
            new DmIoClient().Dispose();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static List<SafeFileHandle> TakeAllDescriptors()
    {
        List<SafeFileHandle> all = [];
        while (true)
        {
            int descriptor = Libc.Open("/dev/null", FileAbi.O_RDONLY | FileAbi.O_CLOEXEC, 0);
            if (descriptor < 0)
                return all;
            all.Add(new SafeFileHandle(descriptor, ownsHandle: true));
        }
    }

    private static IoResult OnANewThread(Func<IoResult> code)
    {
        IoResult result = default;
        Exception? thrown = null;
        Thread thread = new(() => thrown = Record.Exception(() => { result = code(); }));
        thread.Start();
        Assert.True(thread.Join(Notification.Limit));
        Assert.Null(thrown);
        return result;
    }
}
