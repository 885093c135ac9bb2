using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;

namespace DmIoUring.TestSupport;

/// <summary>The program DmIoUring.Writer, which writes numbered records to slots of its legs and tells which are durable, and is killed.</summary>
internal static class KilledWriter
{
    private const string RoundsVariable = "DMIO_KILL_ROUNDS";

    /// <summary>How often the tests kill it. CI has a quarter of an hour for everything: fewer there.</summary>
    /// <param name="otherwise">How often where the environment does not say it.</param>
    /// <exception cref="InvalidOperationException">The environment says a number that would test nothing, or no number.</exception>
    public static int RoundsOr(int otherwise) => Environment.GetEnvironmentVariable(RoundsVariable) switch
    {
        null or "" => otherwise,
        { } text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int rounds) && rounds > 0 => rounds,
        { } text => throw new InvalidOperationException($"{RoundsVariable} is '{text}': how often a writer is killed is a number of 1 or more."),
    };

    /// <summary>Starts it after the last record, and kills it some microseconds after so many acknowledgements.</summary>
    /// <param name="way">How it writes.</param>
    /// <param name="slots">Slots of each leg.</param>
    /// <param name="last">The last record that was acknowledged before.</param>
    /// <param name="records">Acknowledgements; 0 is a kill before the first.</param>
    /// <param name="microseconds">A moment more, for the kill to fall anywhere in a record.</param>
    /// <param name="legs">The legs' paths.</param>
    /// <returns>The last record that it acknowledged.</returns>
    public static ulong Run(string way, int slots, ulong last, int records, int microseconds, IEnumerable<string> legs)
    {
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "DmIoUring.Writer.dll"), way,
            slots.ToString(CultureInfo.InvariantCulture), (last + 1).ToString(CultureInfo.InvariantCulture), .. legs,
        ];
        ulong before = last;
        ProcessStartInfo start = new(DotNetHost.Path, arguments) { UseShellExecute = false, RedirectStandardOutput = true };
        start.Environment["DOTNET_TieredPGO"] = "0";
        using Process writer = Process.Start(start)!;
        using Stream acknowledgements = writer.StandardOutput.BaseStream;
        Span<byte> message = stackalloc byte[sizeof(ulong)];
        try
        {
            for (int i = 0; i < records; i++)
                Assert.True(Take(acknowledgements, message, ref last), "the writer ended by itself");
            long moment = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(moment).TotalMicroseconds < microseconds)
                Thread.Yield();
        }
        finally
        {
            writer.Kill();
            Assert.True(writer.WaitForExit(Notification.Limit));
        }

        // What it acknowledged before it died is still in the pipe.
        while (Take(acknowledgements, message, ref last))
        {
        }

        Assert.True(last >= before + (ulong)records);
        return last;
    }

    private static bool Take(Stream acknowledgements, Span<byte> message, ref ulong last)
    {
        if (acknowledgements.ReadAtLeast(message, message.Length, throwOnEndOfStream: false) < message.Length)
            return false;
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(message);
        Assert.Equal(last + 1, number);
        last = number;
        return true;
    }
}
