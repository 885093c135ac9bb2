using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.DeviceTests.Faults;

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
    public void RunWithIoUringDisabled() => AssertNames(StartAndStop(), IoUringRefusal.Sysctl, Errno.EPERM, "kernel.io_uring_disabled is 1", "Set it to 0");

    [Fact]
    public void WithoutDescriptors_TheDiagnosisNamesThem() =>
        ExplicitTest.AssertPasses(["prlimit", "--nofile=256:256"], typeof(RefusedResourcesTests), nameof(RunWithoutDescriptors));

    /// <summary>Meaningful only in the process that <see cref="WithoutDescriptors_TheDiagnosisNamesThem"/> starts.</summary>
    [Fact(Explicit = true)]
    public void RunWithoutDescriptors()
    {
        new DmIoClient().Dispose();
        List<SafeFileHandle> all = TakeAllDescriptors();
        Exception? thrown = StartAndStop();

        // Only now: an assertion may want to load an assembly.
        all.ForEach(static handle => handle.Dispose());
        AssertNames(thrown, IoUringRefusal.OpenFiles, Errno.EMFILE, "too many files are open", "ulimit -n");
        Assert.Null(StartAndStop());
    }

    [Fact]
    public void WithoutDescriptors_AClientContinues_AndANewOneLeaksNothing() =>
        ExplicitTest.AssertPasses(["prlimit", "--nofile=256:256"], typeof(RefusedResourcesTests), nameof(RunWithFewDescriptors));

    /// <summary>Meaningful only in the process that the test above starts.</summary>
    [Fact(Explicit = true)]
    public void RunWithFewDescriptors()
    {
        using TestDevice device = new();
        using DmIoClient client = new();
        using IoMemory data = Pattern.Memory(4096);
        IoRegion[] regions = [device.Region(0, 8), device.Region(8, 8)];

        // Everything that this needs has been loaded once, and the thread is there: the runtime wants descriptors for either.
        using ManualResetEventSlim exhausted = new();
        IoResult? synchronous = null;
        Exception? thrown = null;
        Thread thread = new(() =>
        {
            exhausted.Wait(Notification.Limit);
            thrown = Record.Exception(() => { synchronous = client.Write(regions, data); });
        });
        thread.Start();
        Assert.Equal(default, client.Write(regions, data));
        Notification notification = new();
        Assert.Null(StartAndStop());
        List<SafeFileHandle> all = TakeAllDescriptors();
        int refused = 0;
        List<int> given = [];
        try
        {
            exhausted.Set();
            Assert.True(thread.Join(Notification.Limit));
            client.SubmitWrite(regions, data, Notification.Arrived, notification);
            notification.Wait();

            // One descriptor more at a time, until there are enough: a client that fails half-way gives back what it had.
            while (StartAndStop() is not null && all.Count > 0)
            {
                refused++;
                all[^1].Dispose();
                all.RemoveAt(all.Count - 1);
                List<SafeFileHandle> free = TakeAllDescriptors();
                given.Add(free.Count);
                free.ForEach(static handle => handle.Dispose());
            }
        }
        finally
        {
            all.ForEach(static handle => handle.Dispose());
        }

        // A thread that gets no ring of its own is served by the lane.
        Assert.Null(thrown);
        Assert.Equal(default(IoResult), synchronous);
        Assert.Equal(1, client.Statistics.SyncOverLane);
        Assert.Equal(default, notification.Wait());
        Assert.InRange(refused, 1, 20);
        Assert.Equal(Enumerable.Range(1, refused), given);
        Assert.Equal(default, client.Write(regions, data));
        device.AssertHolds(0, data.GetSpan());
    }

    private static void AssertNames(Exception? thrown, IoUringRefusal refusal, int errno, params string[] words)
    {
        IoUringUnavailableException refused = Assert.IsType<IoUringUnavailableException>(thrown);
        Assert.Equal((refusal, errno), (refused.Refusal, refused.Errno));
        Assert.All(words, word => Assert.Contains(word, refused.Message, StringComparison.Ordinal));
    }

    /// <summary>What the maker of a client that is to have io_uring learns; the one place that knows how such a client is made.</summary>
    private static Exception? StartAndStop()
    {
        try
        {
            new DmIoClient(new DmIoOptions { Ring = IoRingKind.IoUring }).Dispose();
            return null;
        }
        catch (Exception exception) when (exception is IOException or OutOfMemoryException)
        {
            // A thread that can't be started is the runtime's OutOfMemoryException.
            return exception;
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
}
