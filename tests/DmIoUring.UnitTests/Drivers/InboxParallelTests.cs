using System.Collections.Concurrent;
using System.Globalization;
using CsCheck;
using DmIoUring.Drivers;
using DmIoUring.Engine;

namespace DmIoUring.UnitTests.Drivers;

/// <summary>Calls of many threads at once: what they answer, and what is there afterwards, must be that of the same calls one after the other in some order.</summary>
public sealed class InboxParallelTests
{
    [Fact]
    public void SubmittersAndTheOwner_AtOnce_AreAsIfOneAfterTheOther() => Gen.Const(static () => new State()).SampleParallel(
        [
            Gen.Int[1, 99].Operation<State>(static number => Named("Deliver", number), static (state, number) => state.Deliver(number)),
            Gen.Int[100, 199].Operation<State>(static number => Named("DeliverTwo", number), static (state, number) => state.Deliver(number, number + 100)),
            Gen.Operation<State>("Interrupt", static state => state.Answer("interrupted", state.Inbox.Interrupt())),
            Gen.Operation<State>("TakeAll", static state => state.TakeAll()),
            Gen.Operation<State>("TrySleep", static state => state.AsOwner("slept", static inbox => inbox.TrySleep())),
            Gen.Operation<State>("TryClose", static state => state.AsOwner("closed", static inbox => inbox.TryClose())),
        ],
        equal: static (left, right) => string.Equals(left.ToString(), right.ToString(), StringComparison.Ordinal),
        print: static state => state.ToString(),
        maxSequentialOperations: 3,
        maxParallelOperations: 5,
        iter: 300);

    private static string Named(string call, int number) => string.Create(CultureInfo.InvariantCulture, $"{call}({number})");

    private sealed class State
    {
        private static readonly CallbackReporter Reporter = new(null);

        private readonly Lock _owner = new();
        private readonly ConcurrentQueue<string> _answers = new();
        private readonly List<int> _taken = [];

        public Inbox Inbox { get; } = new();

        public void Answer<T>(string what, T answer) => _answers.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{what}: {answer}"));

        /// <summary>Delivers requests with the numbers, oldest first.</summary>
        public void Deliver(params ReadOnlySpan<int> numbers)
        {
            Request? latest = null;
            Request? oldest = null;
            foreach (int number in numbers)
            {
                latest = new Request(Reporter) { Next = latest, Pending = number };
                oldest ??= latest;
            }

            Delivery delivery = Inbox.Deliver(latest!, oldest!);
            Answer(Named("delivered", numbers[0]), delivery);
            if (delivery == Delivery.Refused)
                Assert.Null(oldest!.Next);
        }

        public void TakeAll()
        {
            lock (_owner)
            {
                for (Request? request = Inbox.TakeAll(); request is not null; request = request.Next)
                    _taken.Add(request.Pending);
            }
        }

        /// <summary>One thread at a time is the owner.</summary>
        public void AsOwner(string what, Func<Inbox, bool> call)
        {
            lock (_owner)
                Answer(what, call(Inbox));
        }

        /// <summary>All that is known of it, and what was taken in its order.</summary>
        public override string ToString() =>
            $"{string.Join(", ", _answers.Order(StringComparer.Ordinal))}; taken {string.Join(' ', _taken)}; left {Inbox.HasDeliveries}";
    }
}
